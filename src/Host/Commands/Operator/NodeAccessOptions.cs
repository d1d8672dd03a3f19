// How a verb reaches the nodes' HTTP ports: the same options for every verb that does. The environment may say where the nodes are and
// what the token is.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HotStandby.CommandLine;

namespace HotStandby.Host.Commands.Operator;

/// <summary>The options <c>--http</c>, <c>--token-file</c>, <c>--ca</c> and <c>--certificate</c>.</summary>
internal sealed class NodeAccessOptions
{
    /// <summary>Where the addresses may stand as well.</summary>
    public const string AddressVariable = "HOTSTANDBY_HTTP";

    /// <summary>Where the admin token may stand.</summary>
    public const string TokenVariable = "HOTSTANDBY_ADMIN_TOKEN";

    private const StringSplitOptions Parts = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    // Those of the files in hocon/.
    private static readonly string[] Usual = ["127.0.0.1:9003", "127.0.0.1:9004", "127.0.0.1:9005"];

    private readonly Option<string[]> _http = new("--http")
    {
        Description = "HTTP addresses of the nodes, as host:port or https://host:port: a list such as a:9003,b:9003, or repeated for "
            + $"each node; or set {AddressVariable}.",
        HelpName = "addresses",
        DefaultValueFactory = static _ => Environment.GetEnvironmentVariable(AddressVariable) is { Length: > 0 } said ? [said] : Usual,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<FileInfo?> _token = new("--token-file")
    {
        Description = $"File with the admin token; or set {TokenVariable}. Needed where the nodes have one, and from another machine.",
        HelpName = "file",
    };

    private readonly Option<FileInfo?> _authority =
        new("--ca") { Description = "PEM file with the authority that signed the nodes' certificates.", HelpName = "file" };
    private readonly Option<FileInfo?> _certificate =
        new("--certificate") { Description = "PEM file with the certificate to show, and its key.", HelpName = "file" };

    /// <summary>Gives a verb these options.</summary>
    public void AddTo(Command command)
    {
        _http.Validators.Add(static result =>
        {
            var said = SplitAll(result.GetValueOrDefault<string[]>() ?? []).ToArray();
            var name = result.Implicit ? AddressVariable : "--http";
            foreach (var wrong in said.Where(static text => !NodeAddress.TryParse(text, out _)))
                result.AddError($"{name} {NodeAddress.Rule}, not {wrong}");
            if (said.Length == 0)
                result.AddError($"{name} {NodeAddress.Rule}, and none is given");
        });
        _token.RefuseTilde();
        _authority.RefuseTilde();
        _certificate.RefuseTilde();
        foreach (Option option in new Option[] { _http, _token, _authority, _certificate })
            command.Add(option);
    }

    /// <summary>What the command line says.</summary>
    /// <returns>Null when a file cannot be read, which is said on <paramref name="terminal"/>: the verb ends with
    /// <see cref="ExitCode.InputMissing"/>.</returns>
    public NodeAccess? Read(Terminal terminal, ParseResult result)
    {
        try
        {
            var token = result.GetValue(_token) is { } file
                ? (File.ReadLines(file.FullName).FirstOrDefault() ?? "").Trim()
                : Environment.GetEnvironmentVariable(TokenVariable) ?? "";
            X509Certificate2Collection? authorities = null;
            if (result.GetValue(_authority) is { } authority)
                (authorities = []).ImportFromPemFile(authority.FullName);
            var identity = result.GetValue(_certificate) is { } certificate
                ? X509Certificate2.CreateFromPemFile(certificate.FullName) : null;
            var addresses = SplitAll(result.GetRequiredValue(_http))
                .Select(static text => NodeAddress.TryParse(text, out var address) ? address : text).Distinct();
            return new NodeAccess([.. addresses], token, authorities, identity);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            terminal.WriteError(error.Message);
            return null;
        }
    }

    private static IEnumerable<string> SplitAll(IEnumerable<string> texts) => texts.SelectMany(static text => text.Split(',', Parts));
}
