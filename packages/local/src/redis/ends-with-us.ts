import { spawn } from 'node:child_process';

/**
 * Ends a process when we end, however: nobody is asked before a SIGKILL. Whoever reads a pipe of which we hold the other end
 * hears of it. It has a session of its own, so that what ends us all at once (Ctrl-C, a closed terminal) leaves it its turn.
 * `folder` goes along. To be called off when the process has ended: its number may be another's then.
 */
export function endsWithUs({ pid, folder }: { readonly pid: number; readonly folder: string }): () => void {
  const watchdog = spawn('/bin/sh', ['-c', 'read -r nothing; kill -9 "$1"; rm -rf "$2"', 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  return () => void watchdog.kill('SIGKILL');
}
