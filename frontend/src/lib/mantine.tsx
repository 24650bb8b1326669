/** Mantine inside one lazily loaded body: its provider and styles are not paid for before the first map. */
import { createTheme, MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import "@mantine/core/styles.css";
import { useShownTheme } from "./preferences";

const theme = createTheme({
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-mono)",
  defaultRadius: "sm",
  primaryColor: "cyan",
  primaryShade: { light: 9, dark: 5 },
  fontSizes: { xs: "0.6875rem", sm: "0.8125rem", md: "0.875rem", lg: "0.9375rem", xl: "1.125rem" },
});

export function WithMantine({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} forceColorScheme={useShownTheme()} cssVariablesSelector=":root">
      {children}
    </MantineProvider>
  );
}
