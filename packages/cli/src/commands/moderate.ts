import type { Command } from 'commander';
import { actions, type Action } from '@tuhai/core/moderation/decide';
import { checkPolicyLabels } from '@tuhai/core/moderation/policy';
import { chooseLabelSet } from '@tuhai/core/store/choose-label-set';
import { moderateStored } from '@tuhai/core/store/moderate-stored';
import { registerPolicy } from '@tuhai/core/store/policies';
import { UsageError } from '@tuhai/core/usage-error';
import { createProgress } from '../progress.js';
import { readPolicyFile } from '../read-policy-file.js';
import { configOf, print, type Terminal } from '../terminal.js';
import { withStoredModel } from '../with-stored-model.js';

export function addModerateCommand(program: Command, terminal: Terminal): void {
  program
    .command('moderate')
    .description('decide about all stored predictions by a policy: pass, review or block')
    .argument('<file>', 'policy file')
    .action(async (file: string, _options: object, command: Command) => {
      const policy = await readPolicyFile(file);
      await withStoredModel(configOf(command, terminal), async ({ database, model }) => {
        const chosen = await chooseLabelSet(database, { modelId: model.id, name: policy.labelSet });
        if (!chosen) throw new UsageError(`Label set ${policy.labelSet} has not been applied`);
        checkPolicyLabels(policy, chosen.labelSet);
        const policyId = await registerPolicy(database, policy);
        const counts: Record<Action, number> = { pass: 0, review: 0, block: 0 };
        let [decided, sampled] = [0, 0];
        const progress = createProgress(terminal.stderr, 'images');
        await moderateStored(database, {
          model,
          policy,
          policyId,
          labelSetId: chosen.id,
          signal: terminal.signal,
          onDecided(decisions) {
            for (const decision of decisions) {
              counts[decision.action]++;
              if (decision.sampled) sampled++;
            }
            decided += decisions.length;
            progress.update(decided, decided, '');
          },
        });
        progress.stop();
        const { name, version } = policy;
        print(command, terminal, { policy: { name, version }, decided, ...counts, sampled }, () => [
          `${decided} images decided by ${name} ${version}: ` +
            `${actions.map((action) => `${counts[action]} ${action}`).join(', ')}; ${sampled} picked for quality control`,
          ...(terminal.signal.aborted ? ['Interrupted; the same command goes on'] : []),
        ]);
        if (terminal.signal.aborted) terminal.exitCode = 1;
      });
    });
}
