import { Button, Group, List, Stack, Text, Textarea } from '@mantine/core';
import { useText } from '../../locale';
import { fieldFault } from '../../parts/field-fault';
import { checkSchema, type SchemaFault } from './check-schema';
import { texts } from './texts';

/** What most attributes begin with. */
const STARTS = {
  text: { type: 'string', minLength: 1, maxLength: 100 },
  number: { type: 'integer', minimum: 0, maximum: 100 },
  date: { type: 'string', format: 'date' },
  choice: { enum: ['s', 'm', 'l'] },
};
export const FIRST_SCHEMA = JSON.stringify(STARTS.text, null, 2);

interface SchemaEditorProps {
  value: string;
  onChange: (value: string) => void;
  error: Error | null;
}

/** A JSON Schema with what is wrong with it, said as it is typed. */
export function SchemaEditor({ value, onChange, error }: SchemaEditorProps) {
  const t = useText(texts).attributes;
  const { faults } = checkSchema(value);
  const inWords = useFaultText();
  return (
    <Stack gap={4}>
      <Textarea
        label={t.schema}
        description={t.schemaHint}
        required
        autosize
        minRows={5}
        maxRows={20}
        spellCheck={false}
        className="code-input"
        value={value}
        error={fieldFault(error, '/schema') ?? faults.length > 0}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Group gap="xs">
        <Text size="sm">{t.start}</Text>
        {Object.entries(STARTS).map(([name, schema]) => (
          <Button
            key={name}
            size="compact-sm"
            variant="default"
            onClick={() => onChange(JSON.stringify(schema, null, 2))}
          >
            {t.starts[name as keyof typeof STARTS]}
          </Button>
        ))}
      </Group>
      <div role="status">
        {faults.length === 0 ? (
          <Text size="sm">✓ {t.schemaFine}</Text>
        ) : (
          <List size="sm" icon="!">
            {faults.map((fault) => (
              <List.Item key={`${fault.pointer} ${fault.code}`}>{inWords(fault)}</List.Item>
            ))}
          </List>
        )}
      </div>
    </Stack>
  );
}

function useFaultText(): (fault: SchemaFault) => string {
  const t = useText(texts).schemaFaults;
  return ({ code, name, pointer, position }) => {
    if (code === 'not-json') return t[code](position ? t.line(String(position.line), String(position.column)) : t.end);
    const said = t[code];
    const words = typeof said === 'string' ? said : said(name);
    return pointer === '' ? words : `${words} (${t.at(pointer)})`;
  };
}
