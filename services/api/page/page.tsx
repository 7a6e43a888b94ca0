import './style/page.css';
import { render } from 'preact';
import { describeService } from './api/service.js';
import { App } from './app.js';

render(<App />, document.body);
void describeService();
