import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '@tuhai/worker/worker-context';

/** Stage, beginning and end, ms of one clock for all processes. */
export type StageTimes = [stage: Stage, fromMs: number, toMs: number][];

export interface StageSummary {
  stage: string;
  /** Share of the run in which a process had something in this stage, mean over processes. */
  busy: number;
  /** How much was in the stage at once, mean over the run, of one process; a batch, a chunk or an image each. */
  depth: number;
  /** `busy` in each tenth of the run. */
  tenths: number[];
}

const stages = ['claim', 'fetch', 'decode', 'embed', 'infer', 'label', 'commit'] as const satisfies Stage[];

/** What the processes wrote into `folder`, of the time from `fromMs` to `toMs`. */
export async function readStageTimes(folder: string, fromMs: number, toMs: number): Promise<StageSummary[]> {
  const names = await readdir(folder);
  const processes = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as StageTimes),
  );
  const tenth = (toMs - fromMs) / 10;
  return stages.flatMap((stage) => {
    const ofStage = processes.map((times) => times.filter(([name]) => name === stage));
    if (ofStage.every((times) => times.length === 0)) return [];
    const inside = ofStage.flat().reduce((sum, [, from, to]) => sum + overlap(from, to, fromMs, toMs), 0);
    const tenths = Array.from({ length: 10 }, (_, i) =>
      mean(ofStage.map((times) => busyShare(times, fromMs + i * tenth, fromMs + (i + 1) * tenth))),
    );
    const depth = inside / (toMs - fromMs) / processes.length;
    return [{ stage, busy: mean(tenths), depth: round(depth), tenths }];
  });
}

/** Of the time from `fromMs` to `toMs`, the share that at least one of the intervals covers. */
function busyShare(times: StageTimes, fromMs: number, toMs: number): number {
  let covered = 0;
  let until = fromMs;
  for (const [, from, to] of times.toSorted((a, b) => a[1] - b[1])) {
    covered += overlap(Math.max(from, until), to, fromMs, toMs);
    until = Math.max(until, to);
  }
  return covered / (toMs - fromMs);
}

const overlap = (from: number, to: number, fromMs: number, toMs: number): number =>
  Math.max(0, Math.min(to, toMs) - Math.max(from, fromMs));

const mean = (of: number[]): number => round(of.reduce((sum, value) => sum + value, 0) / of.length);
const round = (value: number): number => Math.round(value * 1_000) / 1_000;
