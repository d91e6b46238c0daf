import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an image says of itself: the part of it that a container engine goes by. */
export interface ImageConfig {
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly healthcheck: readonly string[];
}

/** Buildah with images of its own, in a folder that may be deleted afterwards. */
export interface Buildah {
  (...args: string[]): string;
  inspect(image: string): ImageConfig;
  /** Gives the folder in which a new container of the image has its files. */
  unpack(image: string): string;
}

/** Sets up a store for images below `folder`, and no others are seen or touched. */
export function createBuildah(folder: string): Buildah {
  const settings = join(folder, 'storage.conf');
  const env = { ...process.env, CONTAINERS_STORAGE_CONF: settings, BUILDAH_ISOLATION: 'chroot', TMPDIR: folder };
  const buildah = (...args: string[]) =>
    execFileSync('buildah', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
  const store = (driver: string) => {
    const [graph, run] = [join(folder, driver), join(folder, 'run')];
    writeFileSync(settings, `[storage]\ndriver = "${driver}"\ngraphroot = "${graph}"\nrunroot = "${run}"\n`);
    return buildah('info');
  };
  try {
    store('overlay');
  } catch {
    // Copies every layer whole, which takes longer, but any file system will do.
    store('vfs');
  }
  return Object.assign(buildah, {
    inspect: (image: string) => toConfig(JSON.parse(buildah('inspect', '--type', 'image', image))),
    unpack: (image: string) => buildah('mount', buildah('from', '--pull-never', image)),
  });
}

interface DockerConfig {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  WorkingDir: string;
  Labels: Record<string, string>;
  Healthcheck?: { Test: string[] };
}

function toConfig(inspected: { Docker: { config: DockerConfig } }): ImageConfig {
  const { User, Env, Entrypoint, Cmd, WorkingDir, Labels, Healthcheck } = inspected.Docker.config;
  return {
    user: User,
    env: Env,
    entrypoint: Entrypoint,
    cmd: Cmd,
    workingDir: WorkingDir,
    labels: Labels,
    healthcheck: Healthcheck?.Test ?? [],
  };
}
