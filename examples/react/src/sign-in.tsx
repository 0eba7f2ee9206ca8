import { signIn } from './session';

/** Asks for an API key. It is shown only where the server wants one. */
export function SignIn({ wasWrong, onKey }: { wasWrong: boolean; onKey: () => void }) {
  return (
    <main className="sign-in">
      <form
        action={(fields) => {
          signIn(fields.get('key') as string);
          onKey();
        }}
      >
        <h1>Messages</h1>
        <label htmlFor="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          autoComplete="current-password"
          required
          autoFocus
          aria-invalid={wasWrong}
          aria-describedby="key-mistake"
        />
        <p id="key-mistake" className="mistake" role="alert">
          {wasWrong && 'The server does not know this key.'}
        </p>
        <button type="submit" className="primary">
          Sign in
        </button>
      </form>
    </main>
  );
}
