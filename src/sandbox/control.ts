import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Behaviour, parseBehaviour } from './behaviour.ts';
import { readBody } from './read-body.ts';
import type { SandboxReport } from './report.ts';

const RULE_LIMIT_BYTES = 1024 * 1024;

/** What can be done to a running sandbox from outside. */
interface SandboxControls {
  report(): SandboxReport;
  reset(): void;
  behave(rule: Behaviour): void;
  clearBehaviours(): void;
}

/** Serves the control port: `GET /__sandbox/report`, `POST /__sandbox/reset`, `POST` and `DELETE /__sandbox/behave`. */
export function controlListener(controls: SandboxControls): RequestListener {
  return async (request, response) => {
    switch (`${request.method} ${request.url}`) {
      case 'GET /__sandbox/report':
        return respond(response, 200, controls.report());
      case 'POST /__sandbox/reset':
        controls.reset();
        return respond(response, 204);
      case 'POST /__sandbox/behave':
        return behave(request, response, controls);
      case 'DELETE /__sandbox/behave':
        controls.clearBehaviours();
        return respond(response, 204);
      default:
        return respond(response, 404, { message: `the control port has no ${request.method} ${request.url}` });
    }
  };
}

async function behave(request: IncomingMessage, response: ServerResponse, controls: SandboxControls): Promise<void> {
  try {
    const text = await readBody(request, RULE_LIMIT_BYTES);
    controls.behave(parseBehaviour(JSON.parse(text.toString())));
    respond(response, 204);
  } catch (error) {
    respond(response, 400, { message: error instanceof Error ? error.message : String(error) });
  }
}

function respond(response: ServerResponse, status: number, body?: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body, undefined, 2));
}
