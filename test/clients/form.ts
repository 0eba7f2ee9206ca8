/** How a form shows what is wrong with a message: every mistake beside the field it belongs to. */

interface FieldError {
  readonly path: readonly string[];
  readonly code: string;
}

/** The codes at each field of the form, whose fields are named as in the input: `to.1`. */
export function besideFields(extensions: unknown): Record<string, string[]> {
  const { fieldErrors = [] } = extensions as { fieldErrors?: readonly FieldError[] };
  const beside: Record<string, string[]> = {};
  for (const { path, code } of fieldErrors) (beside[path.slice(1).join('.')] ??= []).push(code);
  return beside;
}

/** An input with mistakes in several fields, and where a form has to show them. */
export const MISTAKEN = {
  input: { from: '12', to: ['+12345678902', 'x'], text: '', applicationId: 'app-1' },
  beside: { from: ['INVALID_E164'], 'to.1': ['INVALID_E164'], text: ['TEXT_REQUIRED'] },
};
