/** Who uses this tab: an API key or a token, which lives as long as the tab and is nowhere else. */

const CREDENTIAL = 'credential';
/** What the names of drafts begin with in session storage. */
export const DRAFT = 'draft of ';

const stored = (): string | null => sessionStorage.getItem(CREDENTIAL);

/** A token is three parts in base64url, the first of them an object in JSON. */
const isToken = (credential: string): boolean => /^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(credential);

/** What every request carries, where the server asks for it. */
export function credentials(): Record<string, string> {
  const credential = stored();
  if (credential === null) return {};
  return isToken(credential) ? { authorization: `Bearer ${credential}` } : { 'x-api-key': credential };
}

export const isSignedIn = (): boolean => stored() !== null;

/** The page is loaded again, so that nothing of whoever was here before stays in memory. */
export function signIn(credential: string): void {
  sessionStorage.setItem(CREDENTIAL, credential.trim());
  location.reload();
}

/** What may have been sent stays with its key: whoever comes back must not send it as a new message. */
export function signOut(): void {
  sessionStorage.removeItem(CREDENTIAL);
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFT)) sessionStorage.removeItem(name);
  location.hash = '';
  location.reload();
}
