// Reads /status of other nodes.
using System.Net.Http.Json;

namespace HotStandby.CommandLine.Status;

/// <summary>Asks nodes how they are.</summary>
public sealed class StatusClient : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };

    /// <summary>The node's view of itself, or null when it does not answer.</summary>
    public async Task<NodeView?> TryGetAsync(string address, CancellationToken stop)
    {
        try
        {
            return await _http.GetFromJsonAsync(new Uri($"http://{address}/status"), NodeViewJson.Default.NodeView, stop);
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
