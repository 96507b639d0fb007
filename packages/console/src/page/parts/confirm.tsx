/** A question before something that is not easily undone. The browser's own dialog keeps the focus in and gives it back. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

type Question = {
  readonly title: string;
  readonly what: string;
  readonly yes: string;
  readonly run: () => void;
};

const asked = signal<Question | null>(null);

export function confirm(question: Question): void {
  asked.value = question;
}

export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = useRef<Question | null>(null);
  const question = asked.value;
  useEffect(() => {
    if (question === null || dialog.current?.open !== false) return;
    shown.current = question;
    dialog.current.showModal();
  }, [question]);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="confirm-title"
      aria-describedby="confirm-what"
      onClose={() => {
        // Told a moment after the end: by then the next question may have been asked, or be open.
        if (dialog.current?.open === false && asked.value === shown.current) asked.value = null;
      }}
    >
      {question === null ? null : (
        <form
          method="dialog"
          onSubmit={() => {
            question.run();
          }}
        >
          <h2 id="confirm-title">{question.title}</h2>
          <p id="confirm-what">{question.what}</p>
          <div class="dialog-buttons">
            <button type="button" class="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" class="button button-strong">
              {question.yes}
            </button>
          </div>
        </form>
      )}
    </dialog>
  );
}
