import { useEffect, useState, type ReactNode } from 'react';
import { announce } from '../announce.js';

const SHOWN_MS = 2_000;

interface Props {
  readonly text: string;
  /** What the button shows: the text itself, unless it says something else. */
  readonly children?: ReactNode;
  readonly className?: string;
}

/** A text that is copied by a press, which then says so. */
export function Copied({ text, children = <code>{text}</code>, className = 'copied' }: Props) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const press = async (): Promise<void> => {
    if (!(await copy(text))) return;
    setCopied(true);
    announce(`Copied ${text}.`);
  };
  return (
    <button type="button" className={className} title="Copy" data-copied={isCopied} onClick={() => void press()}>
      {children}
      <span aria-hidden="true" className="copied-mark">
        {isCopied ? 'Copied' : 'Copy'}
      </span>
    </button>
  );
}

/** Resolves with whether it is on the clipboard. Away from HTTPS and this machine, browsers have only the old way. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    // In a dialog, what is outside of it cannot be selected.
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way without HTTPS
    const isDone = document.execCommand('copy');
    area.remove();
    return isDone;
  }
}
