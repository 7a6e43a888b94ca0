import { Command } from 'commander';
import { addDemoCommand } from './commands/demo.js';
import { addDirectCommands } from './commands/direct.js';
import { addDuplicatesCommand } from './commands/duplicates.js';
import { addExportCommand } from './commands/export.js';
import { addEvalCommands } from './commands/eval.js';
import { addImportCommand } from './commands/import.js';
import { addLabelCommand } from './commands/label.js';
import { addModerateCommand } from './commands/moderate.js';
import { addModelCommands } from './commands/model.js';
import { addRetryCommand } from './commands/retry.js';
import { addRunCommand } from './commands/run.js';
import { addRunsCommands } from './commands/runs.js';
import { addSearchCommand } from './commands/search.js';
import { addThresholdsCommand } from './commands/thresholds.js';
import { addServiceCommands } from './commands/services.js';
import { settings } from './settings.js';
import type { Terminal } from './terminal.js';

/** The tuhai command, wired to a terminal. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('tuhai')
    .description('图海 Tuhai: embeds and labels seas of images in Chinese')
    .version('0.1.0')
    .option('--json', 'one JSON document on stdout')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .exitOverride();
  for (const { flags, description } of settings) program.option(flags, description);
  addDemoCommand(program, terminal);
  addRunCommand(program, terminal);
  addSearchCommand(program, terminal);
  addDuplicatesCommand(program, terminal);
  addRunsCommands(program, terminal);
  addRetryCommand(program, terminal);
  addLabelCommand(program, terminal);
  addModerateCommand(program, terminal);
  addExportCommand(program, terminal);
  addImportCommand(program, terminal);
  addThresholdsCommand(program, terminal);
  addEvalCommands(program, terminal);
  addDirectCommands(program, terminal);
  addModelCommands(program, terminal);
  addServiceCommands(program, terminal);
  return program;
}
