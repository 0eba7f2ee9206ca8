/** Who uses this tab. A page of your own has its own sign-in, and sends its token as `authorization`. */

const API_KEY = 'api-key';

/** What every request carries, where the server asks for a key. */
export function credentials(): Record<string, string> {
  const key = sessionStorage.getItem(API_KEY);
  return key === null ? {} : { 'x-api-key': key };
}

export const hasKey = (): boolean => sessionStorage.getItem(API_KEY) !== null;

/** The key lives as long as the tab. */
export function signIn(key: string): void {
  sessionStorage.setItem(API_KEY, key);
}

/** Nothing of what was on the screen stays in memory. */
export function signOut(): void {
  sessionStorage.removeItem(API_KEY);
  history.replaceState(null, '');
  location.reload();
}
