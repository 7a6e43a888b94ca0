import { startFolderS3 } from '@tuhai/cli/embedded/s3/folder-s3';

/** Serves a folder as the bucket `bench`, in a process of its own: its CPU time is nobody else's. argv: folder. */
const [directory = ''] = process.argv.slice(2);
const { endpoint } = await startFolderS3({ directory, bucket: 'bench' });
process.once('disconnect', () => process.exit(0));
process.send?.(endpoint);
