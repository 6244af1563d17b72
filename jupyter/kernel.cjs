#!/usr/bin/env node
/**
 * @module The Jupyter kernel: tslab's protocol server with what tslab 1.0.22 leaves out of the protocol, namely `error`
 * outputs, execution counts, `status` fields and the reply to comm_info, all on a session that knows late failures.
 * Jupyter starts it through jupyter/kernels/histo/kernel.json.
 */
const { languageInfo, openSession, prepareProcess, writeTo } = require("./session.cjs");

prepareProcess({ documentation: true });
const jupyter = require("tslab/dist/jupyter.js");

class Handler extends jupyter.JupyterHandlerImpl {
  constructor(session) {
    super({ ...session.executor, execute: async (code) => this.execute(code) }, false);
    this.session = session;
  }

  async execute(code) {
    this.failure = await this.session.run(code);
    return this.failure === undefined;
  }

  createWriteToIopub(name, writeStream) {
    return writeTo((text) => writeStream(name, text));
  }

  handleKernel() {
    return { ...super.handleKernel(), status: "ok", language_info: languageInfo };
  }

  handleShutdown(request) {
    // Servers and timers that a cell left open must not keep the process alive.
    setTimeout(() => process.exit(0), 200);
    return { status: "ok", restart: request.restart === true };
  }
}

class Server extends jupyter.ZmqServer {
  send(socket, message, type, content) {
    const reply = message.createReply();
    reply.header.msg_type = type;
    reply.content = content;
    reply.signAndSend(this.connInfo.key, socket);
  }

  async handleExecute(socket, message) {
    const { code, silent, stop_on_error: stopOnError } = message.content;
    const publish = (type, content) => this.send(this.iopub, message, type, content);
    if (!silent) publish("execute_input", { code, execution_count: this.handler.execCount + 1 });
    const reply = await this.handler.handleExecute(
      message.content,
      (name, text) => publish("stream", { name, text }),
      (data, update) => publish(update ? "update_display_data" : "display_data", data),
    );
    if (reply.status === "abort") reply.status = "aborted";
    if (reply.status === "ok") reply.user_expressions = {};
    if (reply.status === "error") {
      // Expected failures (the tag raises-exception, --allow-errors) do not cancel the cells behind this one.
      if (stopOnError === false) this.handler.execQueue.reset();
      const failure = this.handler.failure ?? { ename: "Error", evalue: "The cell failed.", traceback: [] };
      Object.assign(reply, failure);
      publish("error", failure);
    }
    this.send(socket, message, "execute_reply", reply);
  }

  handleCommInfoRequest(socket, message) {
    this.send(socket, message, "comm_info_reply", { status: "ok", comms: {} });
  }
}

/** A kernel whose Jupyter was killed must not live on. */
function exitWithParent() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, 2000).unref();
}

const configPath = process.argv[process.argv.indexOf("--config-path") + 1];
exitWithParent();
new Server(new Handler(openSession()), configPath).init().catch((error) => {
  console.error(error);
  process.exit(1);
});
