export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly steps: readonly { readonly instruction: string; readonly value: string }[];
}
export function stagesOf(text: string): readonly Stage[];
export function copyOf(value: string): {
  readonly from: string | null;
  readonly owner: string | null;
  readonly sources: readonly string[];
  readonly target: string;
};
export function runtimeOf(stage: Stage | undefined): {
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
  readonly user: readonly number[];
  readonly workingDirectory: string;
  readonly volume: string;
};
