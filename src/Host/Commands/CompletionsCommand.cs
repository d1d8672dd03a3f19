// completions: what a shell needs to complete verbs and options. The script asks the program itself, so it knows what the program knows.
using System.CommandLine;
using HotStandby.CommandLine;

namespace HotStandby.Host.Commands;

/// <summary>The verb <c>completions</c>.</summary>
internal static class CompletionsCommand
{
    private const string Bash = """
        _hotstandby() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$("$1" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _hotstandby hotstandby
        """;

    private const string Zsh = """
        _hotstandby() {
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -- "${found[@]}"
        }
        compdef _hotstandby hotstandby
        """;

    private const string Fish = """
        function __hotstandby_complete
            set -l line (commandline --current-process --cut-at-cursor)
            hotstandby "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete --command hotstandby --arguments '(__hotstandby_complete)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName hotstandby -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            hotstandby "[suggest:$cursorPosition]" "$commandAst" 2>$null |
                Where-Object { $_ -like "$wordToComplete*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = Bash, ["zsh"] = Zsh, ["fish"] = Fish, ["powershell"] = PowerShell,
    };

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("SHELL")
        {
            Description = "bash, zsh: source <(hotstandby completions bash). fish: hotstandby completions fish | source. "
                + "powershell: hotstandby completions powershell | Out-String | Invoke-Expression.",
        };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completions", "Print a script that completes verbs and options in a shell.") { shell };
        command.SetAction(result =>
        {
            terminal.Output.WriteLine(Scripts[result.GetRequiredValue(shell)].ReplaceLineEndings("\n"));
            return ExitCode.Ok;
        });
        return command;
    }
}
