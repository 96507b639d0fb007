import * as v from 'valibot';
import { type Answer, type Call, errorAnswer, readBody } from './call.ts';
import type { Engine } from './engine.ts';
import { guessedWords } from './guesses.ts';
import { type AnswerPart, checkReferenceIds, Part, type PartResponse, runParts } from './rest-composite.ts';
import { SalesforceError } from './salesforce-error.ts';

const MAX_NODES = 500;
const MAX_GRAPHS = 75;
/** After this many failed graphs the rest are not tried. */
const MAX_FAILED = 14;

const GraphBody = v.object({
  graphs: v.array(v.object({ graphId: v.string(), compositeRequest: v.array(Part) })),
});

/** `/composite/graph`: several graphs of records in one call, each all or nothing on its own. */
export function answerGraph(engine: Engine, call: Call, answerPart: AnswerPart): Answer {
  const { graphs } = readBody(GraphBody, call.json());
  const nodes = graphs.reduce((sum, graph) => sum + graph.compositeRequest.length, 0);
  if (graphs.length > MAX_GRAPHS || nodes > MAX_NODES) {
    const most = graphs.length > MAX_GRAPHS ? `${MAX_GRAPHS} graphs` : `${MAX_NODES} nodes`;
    throw new SalesforceError(
      400,
      'LIMIT_EXCEEDED',
      guessedWords(engine.guesses, `The request can’t contain more than ${most}.`),
    );
  }
  let failures = 0;
  const answers = graphs.map(({ graphId, compositeRequest }) => {
    if (failures >= MAX_FAILED)
      return graphAnswer(
        graphId,
        compositeRequest.map((part) => notTried(engine, part)),
        false,
      );
    checkReferenceIds(compositeRequest);
    const { responses, failed } = runParts(engine, compositeRequest, true, (part) =>
      onlyRecords(engine, part, answerPart),
    );
    if (failed) failures++;
    return graphAnswer(graphId, responses, !failed);
  });
  return { status: 200, body: { graphs: answers } };
}

function graphAnswer(graphId: string, compositeResponse: readonly PartResponse[], isSuccessful: boolean) {
  return { graphId, graphResponse: { compositeResponse }, isSuccessful };
}

function onlyRecords(engine: Engine, call: Call, answerPart: AnswerPart): Answer {
  if (call.segments[0]?.toLowerCase() === 'sobjects') return answerPart(call);
  const likely = 'Composite graph requests take /sobjects addresses only.';
  throw new SalesforceError(400, 'INVALID_INPUT', guessedWords(engine.guesses, likely));
}

function notTried(engine: Engine, part: Part): PartResponse {
  const likely = 'Too many graphs failed; this one was not processed.';
  const error = new SalesforceError(400, 'PROCESSING_HALTED', guessedWords(engine.guesses, likely));
  return { body: errorAnswer(error).body, httpHeaders: {}, httpStatusCode: 400, referenceId: part.referenceId };
}
