/** The size of an element, followed: the list becomes two-line rows where a table has no room. */
import { type RefCallback, useCallback, useEffect, useRef, useState } from "react";

export interface BoxSize {
  width: number;
  height: number;
}

export function useBoxSize(): [RefCallback<HTMLElement>, BoxSize] {
  const [size, setSize] = useState<BoxSize>({ width: window.innerWidth, height: window.innerHeight });
  const observer = useRef<ResizeObserver | null>(null);

  const box = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.current.observe(element);
  }, []);
  useEffect(() => () => observer.current?.disconnect(), []);

  return [box, size];
}
