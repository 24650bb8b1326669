/** A part that fails or is still loading never takes the map with it. */
import { Component, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Button, Loading, Message } from "./index";

class Catch extends Component<
  { fallback: (retry: () => void) => ReactNode; children: ReactNode },
  { failed: boolean }
> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.fallback(() => this.setState({ failed: false })) : this.props.children;
  }
}

export function Boundary({ children, quiet = false }: { children: ReactNode; quiet?: boolean }) {
  const { t } = useTranslation("common");
  const failure = (retry: () => void) =>
    quiet ? null : (
      <Message tone="critical">
        <p>{t("partFailed")}</p>
        <Button onClick={retry}>{t("tryAgain")}</Button>
      </Message>
    );
  return (
    <Catch fallback={failure}>
      <Suspense fallback={quiet ? null : <Loading />}>{children}</Suspense>
    </Catch>
  );
}
