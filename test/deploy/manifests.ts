import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

const KUBERNETES = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));

/** What the tests read of a container. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly ports?: readonly { name: string; containerPort: number }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources: { requests: { memory: string }; limits: { memory: string } };
  readonly volumeMounts: readonly { name: string; mountPath: string; readOnly: boolean }[];
  readonly [probe: `${string}Probe`]: { httpGet: { path: string; port: string } } | undefined;
}

/** What the tests read of a Deployment's pods. */
export interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly { name: string; projected: { defaultMode: number; sources: readonly Source[] } }[];
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
