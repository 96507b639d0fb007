/** JSON to read: objects and lists open and close; the outermost two are open. */
import * as v from 'valibot';
import { counted } from '../figures.ts';

const Members = v.record(v.string(), v.unknown());
const Items = v.array(v.unknown());

export function Json({ value }: { readonly value: unknown }) {
  return (
    <div class="json code">
      <Value value={value} depth={0} />
    </div>
  );
}

function Value({ value, name, depth }: { readonly value: unknown; readonly name?: string; readonly depth: number }) {
  if (v.is(Items, value))
    return (
      <Branch
        name={name}
        depth={depth}
        marks="[]"
        size={counted(value.length, 'item')}
        parts={value.map((item, at) => [String(at), item])}
      />
    );
  if (v.is(Members, value)) {
    const parts = Object.entries(value);
    return <Branch name={name} depth={depth} marks="{}" size={counted(parts.length, 'field')} parts={parts} />;
  }
  return (
    <p class="json-leaf">
      <Name name={name} />
      <span class={`json-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>
    </p>
  );
}

const OPEN_DEPTH = 2;

function Branch({
  name,
  depth,
  marks,
  size,
  parts,
}: {
  readonly name: string | undefined;
  readonly depth: number;
  readonly marks: '[]' | '{}';
  readonly size: string;
  readonly parts: readonly (readonly [string, unknown])[];
}) {
  if (parts.length === 0)
    return (
      <p class="json-leaf">
        <Name name={name} />
        <span class="json-null">{marks}</span>
      </p>
    );
  return (
    <details class="json-branch" open={depth < OPEN_DEPTH}>
      <summary>
        <Name name={name} />
        <span class="json-size">
          {marks[0]} {size} {marks[1]}
        </span>
      </summary>
      <div class="json-parts">
        {parts.map(([key, part]) => (
          <Value key={key} name={key} value={part} depth={depth + 1} />
        ))}
      </div>
    </details>
  );
}

function Name({ name }: { readonly name: string | undefined }) {
  return name === undefined ? null : <span class="json-name">{name}: </span>;
}
