import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Manifest } from './manifests.ts';

// Beside this file, so that packages are found; it is never written.
const FILE = fileURLToPath(new URL('./manifests-as-literals.ts', import.meta.url));
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
};

/**
 * Checks an object by the validators that come with the schemas, which know of formats and patterns too.
 *
 * @throws Error that says what is wrong
 */
export async function validate(manifest: Manifest): Promise<void> {
  const models = (await import(packageOf(manifest))) as Record<string, new (data: Manifest) => { validate(): void }>;
  const Model = models[manifest.kind];
  if (Model === undefined) throw new Error(`there is no ${manifest.kind} in ${manifest.apiVersion}`);
  new Model(manifest).validate();
}

/**
 * Gives what is wrong with objects of Kubernetes by its own schemas: unknown keys, wrong types, what is missing. The validators
 * that come with the schemas let unknown keys pass; the compiler, shown each object as a literal of its type, doesn't.
 */
export function typeMistakes(manifests: readonly Manifest[]): string[] {
  const source = manifests.map(toLiteral).join('\n');
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => file === FILE || fileExists(file);
  host.getSourceFile = (file, target) =>
    file === FILE ? ts.createSourceFile(file, source, target) : getSourceFile(file, target);
  const program = ts.createProgram([FILE], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

function toLiteral(manifest: Manifest, index: number): string {
  const type = `import('${packageOf(manifest)}').I${manifest.kind}`;
  return `export const m${index}: ${type} = ${JSON.stringify(manifest)};`;
}

function packageOf({ apiVersion }: Manifest): string {
  const ofOperator = apiVersion.startsWith('monitoring.coreos.com/');
  return `${ofOperator ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'}/${apiVersion}`;
}
