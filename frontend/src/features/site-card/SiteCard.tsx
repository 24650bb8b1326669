/** Everything a person needs of one customer on the first screen, without scrolling. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCustomer } from "@/api/customers";
import { useMe } from "@/api/session";
import type { CustomerCard, CustomerStatus } from "@/api/types";
import { cardSlots } from "@/features/card-slots";
import { formatDecimal, formatDms } from "@/lib/coordinates";
import { copyText } from "@/lib/copy";
import { formatDate, formatNumber, formatQuantity } from "@/lib/format";
import { lazyOf } from "@/lib/lazy-of";
import { nameOf } from "@/lib/names";
import { notify } from "@/lib/notices";
import { usePreferences } from "@/lib/preferences";
import { readoutOf, written } from "@/lib/readouts";
import { useStore } from "@/lib/store";
import { Button, Chip, Icon, IconButton, LinkButton, Loading, Message, type Tone } from "@/lib/ui";
import { Boundary } from "@/lib/ui/Boundary";
import { errorRequestId, errorText } from "@/lib/ui/errors";
import { Age } from "@/lib/ui/Time";
import { formatHash, urlState, useUrl } from "@/lib/url-state";
import { CustomerSymbol } from "@/map/CustomerSymbol";
import css from "./card.module.css";

const STATUS_TONE: Readonly<Record<CustomerStatus, Tone>> = {
  normal: "normal",
  commissioning: "info",
  changing: "warning",
  closed: "neutral",
};

export default function SiteCard({ id }: { id: number }) {
  const { t } = useTranslation(["site-card", "errors"]);
  const customer = useCustomer(id);

  if (customer.isPending) return <Loading />;
  if (customer.isError) {
    return (
      <div className={css.failed}>
        <Message tone="critical" requestId={errorRequestId(customer.error)}>
          <p>{errorText(customer.error, t)}</p>
        </Message>
      </div>
    );
  }
  return <Card card={customer.data} />;
}

function Card({ card }: { card: CustomerCard }) {
  const { t } = useTranslation("site-card");
  const { tab } = useUrl();
  const { tabs } = useStore(cardSlots);
  const current = tabs.find((candidate) => candidate.id === tab);
  const Tab = current && lazyOf(current.load);

  return (
    <article className={css.card}>
      <Head card={card} />
      <Actions card={card} />
      <div className={css.tabs} role="tablist" aria-label={t("parts")}>
        {[{ id: "", label: "site-card:overview" }, ...tabs].map(({ id, label }) => {
          const selected = (current?.id ?? "") === id;
          return (
            <button
              key={id}
              type="button"
              role="tab"
              id={`tab-${id || "overview"}`}
              aria-selected={selected}
              aria-controls="card-part"
              tabIndex={selected ? 0 : -1}
              onClick={() => urlState.set({ tab: id || null }, { replace: true })}
              onKeyDown={moveAmongTabs}
            >
              {t(label)}
            </button>
          );
        })}
      </div>
      <div id="card-part" role="tabpanel" aria-labelledby={`tab-${current?.id || "overview"}`}>
        {Tab ? (
          <Boundary>
            <Tab id={card.id} />
          </Boundary>
        ) : (
          <Overview card={card} />
        )}
      </div>
    </article>
  );
}

function moveAmongTabs(event: React.KeyboardEvent<HTMLButtonElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...(event.currentTarget.parentElement?.querySelectorAll<HTMLButtonElement>("[role=tab]") ?? [])];
  const next = tabs[(tabs.indexOf(event.currentTarget) + step + tabs.length) % tabs.length];
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
  next?.click();
}

function Head({ card }: { card: CustomerCard }) {
  const { t } = useTranslation(["site-card", "domain"]);
  const me = useMe();
  const name = nameOf(card);
  return (
    <header className={css.head}>
      <div className={css.title}>
        <CustomerSymbol grade={card.grade} status={card.status} classes={card.classes} size={36} />
        <div>
          <h2>{name}</h2>
          {name !== card.name && <p lang="">{card.name}</p>}
        </div>
      </div>
      <div className={css.chips}>
        {card.grade !== "none" && <Chip tone="accent">{t(`domain:grade.${card.grade}`)}</Chip>}
        {card.classes.map((name) => (
          <Chip key={name}>{t(`domain:class.${name}`)}</Chip>
        ))}
        {card.deleted_at && <Chip tone="critical">{t("deleted")}</Chip>}
        {card.made_up && <Chip title={t("madeUpWhy")}>{t("madeUp")}</Chip>}
      </div>
      <div className={css.status}>
        <Chip tone={STATUS_TONE[card.status]}>
          <Icon name={card.status === "normal" ? "check" : card.status === "closed" ? "close" : "refresh"} size={12} />
          {t(`domain:status.${card.status}`)}
        </Chip>
        <Age className={css.age} at={card.updated_at} zone={me.utility.zone} text={(age) => t("updated", { age })} />
      </div>
    </header>
  );
}

function Actions({ card }: { card: CustomerCard }) {
  const { t } = useTranslation(["site-card", "common"]);
  const { actions } = useStore(cardSlots);

  const share = async () => {
    const { map, layers, base, sel } = urlState.get();
    const hash = formatHash({
      ...(map && { map }),
      ...(base && { base }),
      ...(layers && { layers }),
      ...(sel && { sel }),
    });
    const link = `${location.origin}/${hash}`;
    if (matchMedia("(pointer: coarse)").matches && navigator.share) {
      await navigator.share({ title: nameOf(card), url: link }).catch(() => undefined);
      return;
    }
    const copied = await copyText(link);
    notify({ kind: copied ? "done" : "warning", text: copied ? t("linkCopied") : link });
  };

  return (
    <div className={css.actions}>
      {actions.map((action) => {
        const Action = lazyOf(action.load);
        return (
          <Boundary key={action.id} quiet>
            <Action id={card.id} />
          </Boundary>
        );
      })}
      <Button icon="share" onClick={() => void share()}>
        {t("share")}
      </Button>
      {card.lon !== null && card.lat !== null && (
        <LinkButton icon="navigate" href={navigationLink({ lon: card.lon, lat: card.lat, name: nameOf(card) })}>
          {t("navigate")}
        </LinkButton>
      )}
    </div>
  );
}

/** geo: opens the device's own navigation; its order is lat,lon (RFC 5870). */
function navigationLink({ lon, lat, name }: { lon: number; lat: number; name: string }): string {
  const at = `${lat.toFixed(6)},${lon.toFixed(6)}`;
  return `geo:${at}?q=${at}(${encodeURIComponent(name)})`;
}

function Overview({ card }: { card: CustomerCard }) {
  const { t } = useTranslation(["site-card", "domain", "common"]);
  const duty = card.contacts.filter((contact) => contact.is_duty);
  const others = card.contacts.filter((contact) => !contact.is_duty);
  // A role the utility added itself is shown as it was written.
  const roleOf = (role: string) => t(`domain:contactRole.${role}`, { defaultValue: role });
  const area = card.area && nameOf({ ...card.area, name_en: null });
  return (
    <div className={css.overview}>
      {duty.length > 0 && (
        <section className={css.phones} aria-label={t("duty")}>
          {duty.map((contact) => (
            <a key={contact.phone + contact.name} href={`tel:${contact.phone.replace(/[^\d+]/g, "")}`}>
              <Icon name="phone" size={16} />
              <span>
                <strong>{contact.phone}</strong>
                <small>
                  {contact.name}
                  {contact.role && ` · ${roleOf(contact.role)}`}
                </small>
              </span>
            </a>
          ))}
        </section>
      )}
      <dl className={css.figures}>
        <Figure label={t("domain:field.contractKva")} value={card.contract_kva} unit="kVA" />
        <Figure label={t("domain:field.runningKva")} value={card.running_kva} unit="kVA" />
        <div>
          <dt>{t("domain:field.voltage")}</dt>
          <dd>{card.voltage ? <strong>{card.voltage}</strong> : <NoData />}</dd>
        </div>
      </dl>
      <dl className={css.facts}>
        <Fact label={t("domain:field.accountNo")}>
          {card.account_no ? <CopyText text={card.account_no} /> : <NoData />}
        </Fact>
        <Fact label={t("domain:field.enterprise")}>{card.enterprise?.name || <NoData />}</Fact>
        <Fact label={t("domain:field.address")}>{card.address || <NoData />}</Fact>
        <Fact label={t("domain:field.area")}>{area || <NoData />}</Fact>
        {card.grade_since && card.grade !== "none" && (
          <Fact label={t("gradeSince")}>{formatDate(card.grade_since)}</Fact>
        )}
        <Position card={card} />
        {others.map((contact) => (
          <Fact key={contact.phone + contact.name} label={contact.role ? roleOf(contact.role) : t("contact")}>
            {contact.name} <a href={`tel:${contact.phone.replace(/[^\d+]/g, "")}`}>{contact.phone}</a>
          </Fact>
        ))}
      </dl>
    </div>
  );
}

function Figure({ label, value, unit }: { label: string; value: number | null; unit: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {value === null ? (
          <NoData />
        ) : (
          <>
            <strong>{formatNumber(value)}</strong> <small>{unit}</small>
          </>
        )}
      </dd>
    </div>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function NoData() {
  const { t } = useTranslation("common");
  return <span className={css.noData}>{t("noData")}</span>;
}

function CopyText({ text }: { text: string }) {
  const { t } = useTranslation("common");
  const copy = async () => {
    if (await copyText(text)) notify({ kind: "done", text: `${t("copied")}: ${text}`, lasts: 2_500 });
  };
  return (
    <span className={css.copy}>
      {text}
      <IconButton icon="copy" size={14} label={`${t("copy")}: ${text}`} onClick={() => void copy()} />
    </span>
  );
}

function Position({ card }: { card: CustomerCard }) {
  const { t } = useTranslation(["site-card", "domain"]);
  const readout = readoutOf(usePreferences().datum);
  const { point } = card;
  if (!point) {
    return (
      <Fact label={t("domain:field.coordinates")}>
        <span className={css.noData}>{t("unlocated")}</span>
      </Fact>
    );
  }
  const shown = written(point, readout);
  const accuracy = point.accuracy_m === null ? t("accuracyUnknown") : `± ${formatQuantity(point.accuracy_m, "m")}`;
  return (
    <Fact label={t("domain:field.coordinates")}>
      <CopyText text={shown.exact} />
      <small className={css.below}>
        {shown.name === "WGS 84" && readout !== "DMS" ? formatDms(point) : `WGS 84: ${formatDecimal(point)}`}
      </small>
      <small className={css.below}>
        {[
          t("datumOf", { datum: shown.name }) +
            (point.datum === "WGS84" ? "" : ` (${t("givenIn", { datum: point.datum })})`),
          point.source && t(`domain:source.${point.source}`),
          accuracy,
        ]
          .filter(Boolean)
          .join(" · ")}
      </small>
    </Fact>
  );
}
