// The shell: what is around every page, and which page is in it.
import { useEffect, useRef } from "preact/hooks";
import { Header, Sidebar } from "./shell";
import { Login } from "./pages/login";
import { find } from "./pages/routes";
import { route } from "./router";
import { me, resuming } from "./state/session";
import { Confirm } from "./ui/dialog";
import { Toasts } from "./ui/toast";

export function App() {
  if (me.value === undefined) return resuming.value ? null : <Login />;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to content
      </a>
      <Header />
      <Sidebar />
      <Main />
      <Confirm />
      <Toasts />
    </>
  );
}

function Main() {
  const ref = useRef<HTMLElement>(null);
  const { path } = route.value;
  const place = path.join("\n");
  const { title, page } = find(path);
  const first = useRef(true);

  useEffect(() => {
    document.title = `${title} · LepusMQ`;
    // Whoever cannot see that the page changed hears it. The first page of a session leaves the focus alone.
    if (!first.current) {
      ref.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    first.current = false;
  }, [place]);

  // The key has another object start with nothing of the one before.
  return (
    <main id="main" ref={ref} tabIndex={-1} aria-label={title}>
      <div class="page" key={place}>
        {page()}
      </div>
    </main>
  );
}
