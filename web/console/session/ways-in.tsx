import { Alert, Button, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { answer, createApi, type Schemas } from '../api/client';
import { ProblemError } from '../api/problem';
import { useText } from '../locale';
import { Fault } from '../parts/fault';
import { Waiting } from '../parts/waiting';
import { firstProgramme, keepProgramme } from './credential';
import { beginSignIn, hostOf, type Issuer, NothingKept } from './oidc';
import { useSession } from './session';
import { texts } from './texts';
import { whoHas } from './who-has';

const openApi = createApi({ token: () => undefined, onUnauthorized: () => undefined });

/** The ways in that the programme has: its issuers, and a key where the service takes one. */
export function WaysIn() {
  const [slug, setSlug] = useState(firstProgramme);
  const t = useText(texts);
  const config = useQuery({
    queryKey: ['staff', 'config', slug],
    queryFn: () => answer(openApi.GET('/v1/console-config', { params: { query: { programme: slug } } })),
    enabled: slug !== '',
    retry: (failures, error) => !(error instanceof ProblemError) && failures < 2,
  });
  const isUnknown = config.error instanceof ProblemError && [404, 422].includes(config.error.status);
  if (config.data) return <Ways config={config.data} onOther={() => setSlug('')} />;
  if (slug !== '' && config.isPending && config.isFetching) return <Waiting />;
  return (
    <Stack>
      {!isUnknown && <Fault error={config.error} onRetry={() => void config.refetch()} />}
      <ProgrammeForm initial={slug} error={isUnknown ? t.unknownProgramme : undefined} onSubmit={setSlug} />
    </Stack>
  );
}

interface ProgrammeFormProps {
  initial: string;
  error: string | undefined;
  onSubmit: (slug: string) => void;
}

function ProgrammeForm({ initial, error, onSubmit }: ProgrammeFormProps) {
  const t = useText(texts);
  const [slug, setSlug] = useState(initial);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit(slug.trim().toLowerCase());
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <TextInput
          label={t.programme}
          description={t.programmeHint}
          name="programme"
          autoComplete="organization"
          value={slug}
          error={error}
          onChange={(event) => setSlug(event.currentTarget.value)}
        />
        <Button type="submit" disabled={slug.trim() === ''}>
          {t.goOn}
        </Button>
      </Stack>
    </form>
  );
}

function Ways({ config, onOther }: { config: Schemas['ConsoleConfigDto']; onOther: () => void }) {
  const t = useText(texts);
  const { programme, issuers, staffKey } = config;
  return (
    <Stack>
      <Text fw={600}>{programme.name}</Text>
      {issuers.map((issuer) => (
        <IssuerButton key={issuer.issuer} issuer={issuer} slug={programme.slug} />
      ))}
      {issuers.length > 0 && staffKey && <Divider label={t.or} />}
      {staffKey && <KeyForm slug={programme.slug} />}
      {issuers.length === 0 && !staffKey && <Text>{t.noWay}</Text>}
      <Button variant="subtle" onClick={onOther}>
        {t.other}
      </Button>
    </Stack>
  );
}

function IssuerButton({ issuer, slug }: { issuer: Issuer; slug: string }) {
  const t = useText(texts);
  const [error, setError] = useState<Error>();
  const [isLeaving, setLeaving] = useState(false);
  const begin = () => {
    keepProgramme(slug);
    setLeaving(true);
    beginSignIn(issuer, hereInConsole()).catch((reason: Error) => {
      setLeaving(false);
      setError(reason);
    });
  };
  return (
    <>
      {error instanceof NothingKept ? (
        <Alert color="red" role="alert" title={t.failed}>
          {t.nothingKept}
        </Alert>
      ) : (
        <Fault error={error} />
      )}
      <Button onClick={begin} loading={isLeaving} classNames={{ root: 'of-lines', label: 'of-lines' }}>
        {t.withIssuer(hostOf(issuer))}
      </Button>
    </>
  );
}

/** Where one is, as a path within the console; the start page for what comes back from the issuer. */
function hereInConsole(): string {
  const path = location.pathname.replace(/^\/console/, '');
  return path.startsWith('/callback') ? '/' : `${path || '/'}${location.search}`;
}

function KeyForm({ slug }: { slug: string }) {
  const t = useText(texts);
  const { signIn } = useSession();
  const [key, setKey] = useState('');
  const [error, setError] = useState<Error>();
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setAsking(true);
    try {
      const staff = await whoHas(key.trim());
      keepProgramme(slug);
      signIn({ token: key.trim() }, staff);
    } catch (reason) {
      setError(reason as Error);
    } finally {
      setAsking(false);
    }
  };
  const status = error instanceof ProblemError ? error.status : undefined;
  const fieldError = status === 401 ? t.unknownKey : status === 403 ? t.notStaff : undefined;
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack>
        {!fieldError && <Fault error={error} />}
        <PasswordInput
          label={t.key}
          description={t.keyHint}
          name="key"
          autoComplete="off"
          value={key}
          error={fieldError}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={isAsking} disabled={key.trim() === ''}>
          {t.withKey}
        </Button>
      </Stack>
    </form>
  );
}
