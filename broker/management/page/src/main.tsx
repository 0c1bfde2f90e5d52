import { render } from "preact";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/table.css";
import "./styles/form.css";
import { App } from "./app";
import { resume } from "./state/session";

const place = document.getElementById("app");
if (place !== null) render(<App />, place);
void resume();
