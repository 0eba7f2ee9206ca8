export interface ProgressOptions {
  readonly write?: (text: string) => void;
  readonly isTerminal?: boolean;
  readonly now?: () => number;
}
export function durationOf(milliseconds: number): string;
export function startProgress(title: string, total: number, options?: ProgressOptions): (steps?: number) => void;
