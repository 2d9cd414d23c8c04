import { List } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useReadAgain } from '../api/read-again';
import type { ReactNode } from 'react';
import { ConfirmByWord } from './confirm-by-word';

interface WithdrawProps {
  /** What is to be typed. */
  word: string;
  title: string;
  act: string;
  means: string;
  keeps: string;
  forever: string;
  withdraw: () => Promise<{ jobId: string }>;
  /** The list in which it stands. */
  queryKey: string;
  onClose: () => void;
  onBegun: (jobId: string) => void;
  /** What else is to be said before. */
  children?: ReactNode;
}

/** Ends something for everyone, when it has been said what that means. */
export function Withdraw(props: WithdrawProps) {
  const { word, title, act, means, keeps, forever, withdraw, queryKey, onClose, onBegun, children } = props;
  const readAgain = useReadAgain();
  const begin = useMutation({
    mutationFn: withdraw,
    onSuccess: async ({ jobId }) => {
      onBegun(jobId);
      await readAgain(queryKey);
    },
  });
  return (
    <ConfirmByWord
      title={title}
      act={act}
      word={word}
      isPending={begin.isPending}
      error={begin.error}
      onClose={onClose}
      onConfirm={() => begin.mutate()}
    >
      <List size="sm" spacing="xs">
        <List.Item>{means}</List.Item>
        <List.Item>{keeps}</List.Item>
        <List.Item>
          <strong>{forever}</strong>
        </List.Item>
      </List>
      {children}
    </ConfirmByWord>
  );
}
