import { useTitle } from '../parts/page.js';
import { Field } from '../parts/field.js';
import { signIn } from '../session.js';

interface Props {
  readonly wasWrong: boolean;
}

/** Asks for an API key or a token. It is shown only where the server wants one. */
export function SignIn({ wasWrong }: Props) {
  const heading = useTitle('Sign in', false);
  return (
    <main className="alone">
      <form
        className="sign-in card"
        action={(fields) => {
          signIn(fields.get('key') as string);
        }}
      >
        <h1 ref={heading}>Messages</h1>
        <Field
          label="API key or token"
          hint="It stays in this tab, and is gone when you close it."
          mistake={wasWrong ? 'The server does not know this key, or the token has expired.' : undefined}
        >
          {(control) => (
            <input {...control} name="key" type="password" autoComplete="off" required autoFocus spellCheck={false} />
          )}
        </Field>
        <button type="submit" className="primary">
          Sign in
        </button>
      </form>
    </main>
  );
}
