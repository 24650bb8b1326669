/** The width of an element, followed: the list becomes two-line rows where a table has no room. */
import { type RefCallback, useCallback, useEffect, useRef, useState } from "react";

export function useBoxWidth(): [RefCallback<HTMLElement>, number] {
  const [width, setWidth] = useState(window.innerWidth);
  const observer = useRef<ResizeObserver | null>(null);

  const box = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.current.observe(element);
  }, []);
  useEffect(() => () => observer.current?.disconnect(), []);

  return [box, width];
}
