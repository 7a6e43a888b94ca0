/** Makes the template that new embedded databases are copied from, so that the first start need not. */
import { databaseTemplate } from './database-template.js';

await databaseTemplate();
