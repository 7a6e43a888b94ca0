/** The server process found another live server on its home, and left. */
export const lockedExitCode = 75;
