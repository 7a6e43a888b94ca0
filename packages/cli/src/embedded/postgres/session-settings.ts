/** Run-time settings (GUC name → value) that differ from the server's defaults. */
export type Settings = ReadonlyMap<string, string>;

/** Lists the settings that somebody changed for the whole session: rows of name and value. */
export const sessionSettingsSql = `select name, setting from pg_settings where source = 'session'`;

/**
 * SQL that takes the session from the settings `from` to the settings `to`; empty when they are equal.
 * As one simple query it is one transaction: a wrong value leaves everything as it was.
 */
export function settingsSwitchSql(from: Settings, to: Settings): string {
  const resets = [...from.keys()].filter((name) => !to.has(name)).map((name) => `reset ${quotedName(name)};`);
  const sets = [...to]
    .filter(([name, value]) => from.get(name) !== value)
    .map(([name, value]) => `set_config(${quotedText(name)}, ${quotedText(value)}, false)`);
  return resets.join('') + (sets.length > 0 ? `select ${sets.join(', ')}` : '');
}

function quotedName(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}

function quotedText(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
