const PATHS = {
  conversations: 'M4 5h16v11H9l-5 4z',
  compose: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  messages: 'M4 6h16M4 12h16M4 18h10',
  unresolved: 'M12 3l9.5 17h-19zM12 10v4M12 17v.01',
  health: 'M3 12h4l3-7 4 14 3-7h4',
  back: 'M15 5l-7 7 7 7',
  attach: 'M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.5 8.5a1.7 1.7 0 0 1-2.5-2.5L15 7',
  send: 'M4 12l16-8-6 16-3-7z',
  close: 'M6 6l12 12M18 6L6 18',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  down: 'M12 5v13M6 13l6 6 6-6',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words, or in a button that has a name: so it says nothing by itself. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
