import { useEffect, useRef, type ReactNode } from 'react';

/** Where somebody came by the keyboard or a link, reading goes on at the heading of the page. Not when it is loaded. */
let isLoaded = false;

interface Props {
  readonly title: string;
  /** Beside the heading. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page with its heading, which also names the tab. */
export function Page({ title, actions, children }: Props) {
  const heading = useTitle(title);
  return (
    <div className="page">
      <header className="page-header">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions}
      </header>
      {children}
    </div>
  );
}

/** Names the tab, and gives the focus to the heading with this reference. */
export function useTitle(title: string, isFocused = true) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Messages`;
  }, [title]);
  useEffect(() => {
    if (isLoaded && isFocused) heading.current?.focus({ preventScroll: true });
    isLoaded = true;
  }, []);
  return heading;
}
