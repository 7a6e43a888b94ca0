import { readCString, WireFramingError } from './wire-messages.js';

/** What a client asks for with its first packet. */
export type StartupPacket =
  | { kind: 'encryption' }
  | { kind: 'cancel' }
  | { kind: 'start'; database: string; settings: Map<string, string> };

// The codes of the protocol: 3.x, and the "versions" that stand for other requests.
const protocolMajor = 3;
const requests = new Map<number, StartupPacket>([
  [80877102, { kind: 'cancel' }],
  [80877103, { kind: 'encryption' }], // SSLRequest
  [80877104, { kind: 'encryption' }], // GSSENCRequest
]);

// Start-up parameters that are no run-time settings.
const notSettings = new Set(['user', 'database', 'options', 'replication']);

/**
 * Reads a start-up packet (no type byte). Settings come from `options` (`-c name=value`) and, as in Postgres,
 * from every other parameter, such as `application_name`.
 */
export function readStartupPacket(packet: Buffer): StartupPacket {
  const code = packet.readInt32BE(4);
  const request = requests.get(code);
  if (request) return request;
  if (code >>> 16 !== protocolMajor) throw new WireFramingError(`protocol ${code >>> 16} is not supported`);
  const parameters = new Map<string, string>();
  for (let offset = 8; offset < packet.length - 1;) {
    const name = readCString(packet, offset);
    const value = readCString(packet, name.end);
    parameters.set(name.text, value.text);
    offset = value.end;
  }
  const settings = new Map(readOptions(parameters.get('options') ?? ''));
  for (const [name, value] of parameters) {
    if (!notSettings.has(name) && !name.startsWith('_pq_.')) settings.set(name, value);
  }
  return { kind: 'start', database: parameters.get('database') ?? parameters.get('user') ?? '', settings };
}

/** `-c a=b --c-d=e` → [['a', 'b'], ['c_d', 'e']]; a backslash keeps the next character as it is. */
function readOptions(options: string): [string, string][] {
  const words = (options.match(/(?:\\[^]|[^\\\s])+/g) ?? []).map((word) => word.replace(/\\([^])/g, '$1'));
  const settings: [string, string][] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] === '-c' ? `-c${words[++index] ?? ''}` : (words[index] ?? '');
    const setting = /^(-c|--)([^=]+)=([^]*)$/.exec(word);
    if (!setting) throw new WireFramingError(`start-up option not understood: ${word}`);
    const name = setting[2] ?? '';
    settings.push([setting[1] === '--' ? name.replaceAll('-', '_') : name, setting[3] ?? '']);
  }
  return settings;
}
