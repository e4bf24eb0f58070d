import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Nginx = { path: string, dir: string } | { missing: string }

/** nginx where it is, else out of Debian's package: unpacked into a folder of ours, so nothing is installed and no service started. */
export function findNginx(): Nginx {
  const dir = mkdtempSync(join(tmpdir(), 'kaiwa-bench-nginx-'))
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  const there = [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].map(folder => join(folder, 'nginx')).find(existsSync)
  if (there) return { path: there, dir }
  if (process.env.KAIWA_APT === 'false') return { missing: 'nginx is not installed, and KAIWA_APT=false' }
  try {
    if (process.getuid?.() === 0) execFileSync('apt-get', ['-qq', 'update'], { timeout: 60_000, stdio: 'ignore' })
    execFileSync('apt-get', ['-qq', 'download', 'nginx'], { cwd: dir, timeout: 60_000, stdio: 'ignore' })
    execFileSync('sh', ['-c', 'dpkg-deb -x nginx_*.deb unpacked'], { cwd: dir, timeout: 20_000, stdio: 'ignore' })
    const path = join(dir, 'unpacked/usr/sbin/nginx')
    execFileSync(path, ['-v'], { stdio: 'ignore' })
    return { path, dir }
  } catch (error) {
    return { missing: `nginx could not be had: ${(error as Error).message.split('\n')[0]}` }
  }
}

/** Writes a configuration: a WebSocket proxy in one process, as its manual shows it. Resolves with the arguments. */
export function nginxArguments({ dir }: { dir: string }, port: number, modelPort: number): string[] {
  const home = join(dir, String(port))
  mkdirSync(join(home, 'logs'), { recursive: true })
  writeFileSync(join(home, 'nginx.conf'), `
worker_processes 1; master_process off; daemon off; pid ${home}/pid; error_log stderr error;
events { worker_connections 16000; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://127.0.0.1:${modelPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 3600s;
    }
  }
}
`)
  return ['-p', home, '-c', join(home, 'nginx.conf'), '-e', 'stderr']
}
