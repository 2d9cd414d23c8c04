import { AppShell, Badge, Burger, Button, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Suspense } from 'react';
import { Link, Redirect, Route, Switch, useRoute } from 'wouter';
import { useLocale, useText } from './locale';
import { pages, type ConsolePage } from './pages';
import { Broken } from './parts/broken';
import { NotFound } from './parts/not-found';
import { Preferences } from './parts/preferences';
import { Waiting } from './parts/waiting';
import { SignInAgain } from './session/sign-in-page';
import { useSession, useStaff } from './session/session';
import { texts } from './texts';

/** Header, menu and the page: what somebody who is signed in sees. */
export function Shell() {
  const t = useText(texts);
  const [isOpen, menu] = useDisclosure(false);
  const { role } = useStaff();
  const own = pages.filter(({ roles }) => roles.includes(role));
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 240, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip-link" href="#content">
        {t.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={isOpen} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={t.menu} />
            <Text fw={700}>{t.product}</Text>
          </Group>
          <Preferences />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={t.navigation}>
        <AppShell.Section grow component={ScrollArea} type="auto">
          <Menu pages={own} onGo={menu.close} />
        </AppShell.Section>
        <AppShell.Section className="who" pt="sm">
          <WhoIsThis />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Broken>
          <Suspense fallback={<Waiting />}>
            <Switch>
              {own.map(({ path, component }) => (
                <Route key={path} path={path} component={component} />
              ))}
              {own[0] && (
                <Route path="/">
                  <Redirect to={own[0].path} replace />
                </Route>
              )}
              <Route component={NotFound} />
            </Switch>
          </Suspense>
        </Broken>
      </AppShell.Main>
      <SignInAgain />
    </AppShell>
  );
}

function Menu({ pages: shown, onGo }: { pages: ConsolePage[]; onGo: () => void }) {
  const { sections } = useText(texts);
  const names = Object.keys(sections) as (keyof typeof sections)[];
  return names.map((section) => {
    const entries = shown.filter((page) => page.section === section);
    if (entries.length === 0) return null;
    return (
      <div key={section}>
        <Text size="xs" fw={600} c="dimmed" px="sm" pt="sm" pb={4}>
          {sections[section]}
        </Text>
        {entries.map((page) => (
          <MenuEntry key={page.path} page={page} onGo={onGo} />
        ))}
      </div>
    );
  });
}

function MenuEntry({ page, onGo }: { page: ConsolePage; onGo: () => void }) {
  const { locale } = useLocale();
  const [isHere] = useRoute(`${page.path}/*?`);
  return (
    <NavLink
      component={Link}
      href={page.path}
      label={page.title[locale]}
      active={isHere}
      aria-current={isHere ? 'page' : undefined}
      onClick={onGo}
    />
  );
}

function WhoIsThis() {
  const t = useText(texts);
  const { signOut } = useSession();
  const { programme, name, role } = useStaff();
  return (
    <>
      <Text size="sm" fw={600} px="sm">
        {programme.name}
      </Text>
      <Group px="sm" gap="xs">
        <Text size="sm">{name}</Text>
        <Badge variant="default" tt="none">
          {t.roles[role]}
        </Badge>
      </Group>
      <Button variant="subtle" fullWidth justify="start" size="sm" onClick={() => void signOut()}>
        {t.signOut}
      </Button>
    </>
  );
}
