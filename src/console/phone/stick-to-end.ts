import { useEffect, useRef } from 'react';

/** Scrolls to the end whenever what is in it changes, unless somebody reads further up. */
export function useStickToEnd<Element extends HTMLElement>(change: unknown) {
  const element = useRef<Element>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const { current } = element;
    if (current && isAtEnd.current) current.scrollTop = current.scrollHeight;
  }, [change]);
  const onScroll = (): void => {
    const { current } = element;
    if (current) isAtEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < 40;
  };
  return { ref: element, onScroll };
}
