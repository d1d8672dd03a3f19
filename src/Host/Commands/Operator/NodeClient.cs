// Asks nodes over HTTP what an operator wants, and finds out which of them to ask. Used by the operator verbs; it shows nothing.
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using HotStandby.Host.Http;

namespace HotStandby.Host.Commands.Operator;

/// <summary>How nodes are reached.</summary>
/// <param name="Addresses">host:port of their HTTP ports, or https://host:port.</param>
/// <param name="Token">The admin token; empty: none is sent.</param>
/// <param name="Authorities">Who may have signed the nodes' certificates; null: whom the machine trusts.</param>
/// <param name="Identity">The certificate that is shown; null: none.</param>
internal sealed record NodeAccess(
    IReadOnlyList<string> Addresses, string Token, X509Certificate2Collection? Authorities, X509Certificate2? Identity);

/// <summary>A client of the nodes' HTTP ports.</summary>
internal sealed class NodeClient : IDisposable
{
    private static readonly OperatorCommand WhoAreYou = CommandTable.Status with { Patience = TimeSpan.FromSeconds(8) };
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly NodeAccess _access;
    private readonly HttpClient _http;

    /// <summary>Opens no connection yet.</summary>
    public NodeClient(NodeAccess access)
    {
        ArgumentNullException.ThrowIfNull(access);
        _access = access;
        var tls = new SslClientAuthenticationOptions();
        if (access.Authorities is { } authorities)
        {
            tls.CertificateChainPolicy =
                new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (access.Identity is { } identity)
            tls.ClientCertificates = [identity];
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = tls, ConnectTimeout = TimeSpan.FromSeconds(3), UseProxy = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var user = Uri.EscapeDataString($"{Environment.UserName}@{Environment.MachineName}");
        _http.DefaultRequestHeaders.Add(OperatorGuard.UserHeader, user);
        if (access.Token.Length > 0)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", access.Token);
    }

    /// <summary>Has the nodes that a command is for carry it out.</summary>
    /// <param name="command">Which.</param>
    /// <param name="arguments">Values by argument name.</param>
    /// <param name="isConfirmed">Somebody who knows what it does wants it.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>What they say; those that do not answer among them. Never empty.</returns>
    public async Task<IReadOnlyList<NodeAnswer>> RunAsync(
        OperatorCommand command, IReadOnlyDictionary<string, string> arguments, bool isConfirmed, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(arguments);
        Task<NodeAnswer> Ask(string address) => SendAsync(address, command, CommandTable.QueryOf(command, arguments, isConfirmed), stop);
        switch (command.Reach)
        {
            case CommandReach.Every:
                return await Task.WhenAll(_access.Addresses.Select(Ask));
            case CommandReach.First:
                var silent = new List<NodeAnswer>();
                foreach (var address in _access.Addresses)
                {
                    var answer = await Ask(address);
                    if (answer.Status != 0)
                        return [answer];
                    silent.Add(answer);
                }

                return silent;
            default:
                var nodes = await Task.WhenAll(_access.Addresses.Select(
                    address => SendAsync(address, WhoAreYou, CommandTable.QueryOf(WhoAreYou, Nothing, false), stop)));
                var wanted = nodes.Where(node => IsFor(command, node, arguments)).ToArray();
                return wanted.Length > 0 ? await Task.WhenAll(wanted.Select(node => Ask(node.Address)))
                    : [.. nodes.Where(static node => !node.IsGood), WhyNobody(command, arguments)];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static bool IsFor(
        OperatorCommand command, NodeAnswer node, IReadOnlyDictionary<string, string> arguments) => command.Reach switch
        {
            CommandReach.Primary => node.IsGood && node.Body.GetProperty("serving").GetBoolean(),
            CommandReach.Standbys => node.IsGood && node.Body.GetProperty("role").GetString() != "primary",
            _ => (NodeAddress.TryParse(arguments[NameArgument(command)], out var address) && node.Address == address)
                || (node.IsGood && node.Body.GetProperty("node").GetString() == arguments[NameArgument(command)]),
        };

    private static NodeAnswer WhyNobody(
        OperatorCommand command, IReadOnlyDictionary<string, string> arguments) => new("", 0, default, command.Reach switch
        {
            CommandReach.Primary => "none of these nodes serves",
            CommandReach.Standbys => "none of these nodes is a Standby",
            _ => $"none of these nodes is {arguments[NameArgument(command)]}",
        });

    private static string NameArgument(OperatorCommand command) => command.Arguments.First(static each => each.Parameter is null).Name;

    private async Task<NodeAnswer> SendAsync(string address, OperatorCommand command, string query, CancellationToken stop)
    {
        var scheme = address.Contains("://", StringComparison.Ordinal) ? "" : "http://";
        if (!Uri.TryCreate($"{scheme}{address}{query}", UriKind.Absolute, out var uri))
            return new NodeAnswer(address, 0, default, $"{address} is no address: host:port, or https://host:port");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(command.Patience);
        try
        {
            using var request = new HttpRequestMessage(command.Method, uri);
            using var response = await _http.SendAsync(request, patience.Token);
            var body = await JsonSerializer.DeserializeAsync(
                await response.Content.ReadAsStreamAsync(patience.Token), NodeAnswerJson.Default.JsonElement, patience.Token);
            return new NodeAnswer(address, (int)response.StatusCode, body,
                response.IsSuccessStatusCode ? null : ReasonOf(address, (int)response.StatusCode, body));
        }
        catch (HttpRequestException error)
        {
            return new NodeAnswer(address, 0, default, $"{address} does not answer: {error.Message}");
        }
        catch (JsonException)
        {
            return new NodeAnswer(
                address, 0, default, $"{address} answers with something that is no JSON: is it a node's HTTP port, and of this version?");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new NodeAnswer(address, 0, default, $"{address} does not answer within {command.Patience.TotalSeconds:0} s");
        }
    }

    private static string ReasonOf(string address, int status, JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("error_message", out var reason)
            ? $"{address}: {reason}" : $"{address}: HTTP status {status}";
}

/// <summary>Any JSON.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(JsonElement))]
internal sealed partial class NodeAnswerJson : System.Text.Json.Serialization.JsonSerializerContext;
