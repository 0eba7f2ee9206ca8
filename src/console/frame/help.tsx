import { useState } from 'react';
import { Dialog } from '../parts/dialog.js';
import { isSignedIn, signOut } from '../session.js';
import { useViewer } from '../viewer.js';
import type { Place } from './places.js';
import { areShortcutsOn, setShortcuts } from './shortcuts.js';

interface Props {
  readonly places: readonly Place[];
  readonly onClose: () => void;
}

/** The keys of the console. */
export function Help({ places, onClose }: Props) {
  const { name } = useViewer();
  const [isOn, setOn] = useState(areShortcutsOn);
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className="keys">
        {places.map(({ name, letter }) => (
          <Key key={name} keys={['g', letter]} what={name} />
        ))}
        <Key keys={['n']} what="Write a message" />
        <Key keys={['j']} what="Next in the list" />
        <Key keys={['k']} what="Previous in the list" />
        <Key keys={['/']} what="Search" />
        <Key keys={['Ctrl', 'Enter']} what="Send what is being written" />
        <Key keys={['Esc']} what="Close" />
        <Key keys={['?']} what="These keys" />
      </dl>
      <label className="switch">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ target: { checked } }) => {
            setShortcuts(checked);
            setOn(checked);
          }}
        />
        Use the keys that are single characters
      </label>
      {isSignedIn() && (
        <p className="account">
          Signed in as {name}
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        </p>
      )}
    </Dialog>
  );
}

function Key({ keys, what }: { readonly keys: readonly string[]; readonly what: string }) {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{what}</dd>
    </div>
  );
}
