/** The rows of the Salesforce org, by object. */
import { useEffect, useState } from 'preact/hooks';
import { type RowLine, RowPage } from '../../contract.ts';
import { useAnswer } from '../answers.ts';
import { ask, refusal } from '../ask.ts';
import { ago, count, dayAndClock } from '../figures.ts';
import { now } from '../live.ts';
import { Title } from '../parts/card.tsx';
import { Icon } from '../parts/icons.tsx';
import { say } from '../parts/said.tsx';
import { Empty, Waited } from '../parts/waiting.tsx';
import { replaceRoute } from '../route.ts';
import { hashOf, query } from '../routes.ts';

const SEARCH_PAUSE_MS = 250;

export function RowsView({ object, search }: { readonly object: string; readonly search: string }) {
  const path = `api/rows${query({ object, search })}`;
  const { answer, again } = useAnswer(RowPage, path);
  // While another object or word is looked for, the objects stay where they are.
  const [objects, setObjects] = useState<RowPage['objects']>([]);
  useEffect(() => {
    if (answer.state === 'there') setObjects(answer.value.objects);
  }, [answer]);
  return (
    <div class="rows-view">
      <Title title="Salesforce rows" what="As they stand in the org on this machine" />
      {objects.length === 0 ? null : (
        <nav class="chips" aria-label="Objects">
          <ul>
            {[{ name: '', rows: objects.reduce((sum, { rows }) => sum + rows, 0) }, ...objects].map(
              ({ name, rows }) => (
                <li key={name}>
                  <a
                    class="chip"
                    href={hashOf({ view: 'rows', object: name, search })}
                    aria-current={name === object ? 'true' : undefined}
                  >
                    {name === '' ? 'All' : name} <span class="chip-count">{count(rows)}</span>
                  </a>
                </li>
              ),
            )}
          </ul>
        </nav>
      )}
      <Search object={object} search={search} />
      <section class="card" aria-label="Rows">
        <Waited answer={answer} again={again} what="rows" rows={10}>
          {(page) =>
            page.rows.length === 0 ? (
              <Empty title={search === '' ? 'No row yet' : 'No row matches'} />
            ) : (
              <Rows key={path} page={page} object={object} search={search} />
            )
          }
        </Waited>
      </section>
    </div>
  );
}

function Search({ object, search }: { readonly object: string; readonly search: string }) {
  const [typed, setTyped] = useState(search);
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => replaceRoute({ view: 'rows', object, search: typed }), SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => setTyped(search), [search]);
  return (
    <search class="filters">
      <label class="field field-search">
        <span class="unseen">Search rows by name, id or key</span>
        <Icon name="search" />
        <input
          type="search"
          placeholder="Search by name, id or key"
          value={typed}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
    </search>
  );
}

function Rows({ page, object, search }: { readonly page: RowPage; readonly object: string; readonly search: string }) {
  const [more, setMore] = useState<{ rows: readonly RowLine[]; next: string | null } | null>(null);
  const next = more === null ? page.next : more.next;
  const known = new Set(page.rows.map(({ id }) => id));
  const rows = [...page.rows, ...(more?.rows ?? []).filter(({ id }) => !known.has(id))];
  const read = async (): Promise<void> => {
    if (next === null) return;
    try {
      const older = await ask(RowPage, `api/rows${query({ object, search, after: next })}`);
      setMore({ rows: [...(more?.rows ?? []), ...older.rows], next: older.next });
    } catch (thrown) {
      say(refusal(thrown).message, false);
    }
  };
  return (
    <>
      <div class="table-frame">
        <table class="table stacked rows">
          <caption class="unseen">Rows, last changed first</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Object</th>
              <th scope="col">Status</th>
              <th scope="col">Key</th>
              <th scope="col" class="figure">
                Changed
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id} class="linked">
                <th scope="row">
                  <a class="row-link" href={hashOf({ view: 'row', object: row.object, id: row.id })}>
                    {row.name}
                  </a>
                </th>
                <td>{row.object}</td>
                <td>
                  {row.status === null ? <span class="nothing">–</span> : <span class="status">{row.status}</span>}
                </td>
                <td class="code">{row.key ?? row.id}</td>
                <td class="figure" title={dayAndClock(row.changedAt)}>
                  {ago(row.changedAt, now.value)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {next === null ? null : (
        <p class="list-end">
          <button type="button" class="button" onClick={() => void read()}>
            Show more
          </button>
        </p>
      )}
    </>
  );
}
