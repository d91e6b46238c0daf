import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

const KUBERNETES = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));

/** What the tests read of a container. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly env?: readonly { name: string; value: string }[];
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources: { requests: { memory: string }; limits: { memory: string } };
  readonly volumeMounts: readonly Mount[];
  readonly [probe: `${string}Probe`]: { httpGet: { path: string; port: string } } | undefined;
}

export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

/** What the tests read of a Deployment's pods. */
export interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly Volume[];
}

/** Files that the cluster brings, or a folder that the containers of a pod share. */
export interface Volume {
  readonly name: string;
  readonly projected?: { defaultMode: number; sources: readonly Source[] };
  readonly emptyDir?: object;
}

/** One source of a projected volume. */
export interface Source {
  readonly configMap?: { name: string };
  readonly secret?: { name: string; items: readonly { key: string; path: string }[] };
}

/** An object of Kubernetes, as its file has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string; labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What `kubectl apply -k` is told. */
export interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { name: string; files: readonly string[] }[];
  readonly images: readonly { name: string; newName: string; newTag: string }[];
  readonly [key: string]: unknown;
}

/** The ways to run the gateway on Kubernetes: the folders of `deploy/kubernetes`. */
export const SHAPES = readdirSync(KUBERNETES);

/** The folder of one of them. */
export function folderOf(shape: string): string {
  return `${KUBERNETES}${shape}/`;
}

export function readKustomization(shape: string): Kustomization {
  return parse(readFileSync(`${folderOf(shape)}kustomization.yaml`, 'utf8'));
}

/** Reads every object that a kustomization names. */
export function readManifests(shape: string): Manifest[] {
  return readKustomization(shape).resources.flatMap((file) =>
    parseAllDocuments(readFileSync(folderOf(shape) + file, 'utf8')).map((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join(', ')}`);
      return document.toJS() as Manifest;
    }),
  );
}

/** Gives the one object of a kind, of several the first. */
export function find(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found;
}

/** The pods of the one Deployment. */
export function podOf(manifests: readonly Manifest[]): Pod {
  return (find(manifests, 'Deployment').spec as { template: { spec: Pod } }).template.spec;
}

/** The container that runs the gateway, wherever in the pod. */
export function gatewayOf(pod: Pod): Container {
  const found = [...pod.containers, ...(pod.initContainers ?? [])].find(({ image }) => image === 'cdnetworks-gateway');
  if (found === undefined) throw new Error('no container runs the gateway');
  return found;
}

/** The volume of the gateway's configuration and of the secrets that it names, and where it is mounted. */
export function filesOf(pod: Pod): { mount: Mount; defaultMode: number; sources: readonly Source[] } {
  const volume = pod.volumes.find(({ projected }) => projected !== undefined);
  const mount = gatewayOf(pod).volumeMounts.find(({ name }) => name === volume?.name);
  if (volume?.projected === undefined || mount === undefined) throw new Error('the gateway has no files');
  return { mount, ...volume.projected };
}

/** Where the gateway mounts what it shares with other containers of the pod. */
export function sharedOf(pod: Pod): Mount[] {
  const shared = pod.volumes.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name);
  return gatewayOf(pod).volumeMounts.filter(({ name }) => shared.includes(name));
}
