/** A service of the rig cannot be had on this machine. The message says what to install. */
export class MissingService extends Error {
  override name = 'MissingService';
}
