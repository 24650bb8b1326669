// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import signIn from "../../locales/en/sign-in.json";
import { SignInSteps } from "./SignInSteps";

function answer(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/problem+json" } });
}

beforeEach(async () => {
  await i18next.use(initReactI18next).init({ lng: "en", resources: { en: { "sign-in": signIn } } });
  vi.stubGlobal("fetch", (address: string) =>
    Promise.resolve(
      String(address).includes("sign-in")
        ? answer(200, { providers: [] })
        : answer(429, { code: "throttled", retry_after: 900 }),
    ),
  );
});
afterEach(() => vi.unstubAllGlobals());

describe("the time to wait after wrong passwords", () => {
  it("is that of the name it was told for", async () => {
    render(
      <QueryClientProvider client={new QueryClient()}>
        <SignInSteps step="password" onStep={() => undefined} />
      </QueryClientProvider>,
    );
    const type = (label: string, value: string) =>
      fireEvent.change(screen.getByLabelText(label), { target: { value } });
    const button = () => screen.getByRole<HTMLButtonElement>("button", { name: "Sign in" });
    type("User name", "anna");
    type("Password", "guess");
    fireEvent.click(button());
    await screen.findByRole("timer");
    expect(button().disabled).toBe(true);

    type("User name", "bert");

    await waitFor(() => expect(button().disabled).toBe(false));
    expect(screen.queryByRole("timer")).toBeNull();

    type("User name", "anna");

    expect(button().disabled).toBe(true);
    expect(screen.getByRole("timer").textContent).toMatch(/^1[45]:/);
  });
});
